"""Whether the server in this container answers /health/ready: exit 0 or 1. Standard library only, read by Docker."""

import os
import sys
import urllib.error
import urllib.request

address = f"http://127.0.0.1:{os.environ.get('API_PORT', '8000')}/health/ready"
try:
    with urllib.request.urlopen(address, timeout=4) as answer:
        sys.exit(0 if answer.status == 200 else 1)
except (urllib.error.URLError, OSError) as error:
    sys.exit(f"{address}: {error}")
