"""The HTTP API: reads through `queries`, answers in JSON, CSV, Arrow or Parquet, and writes nothing.

    application.create(settings, version) -> FastAPI   /v1, /health, /openapi.json; app.py adds the pages
    server.run(settings, host, port, workers)      Gunicorn with Uvicorn workers, until it is told to stop

docs/reference/api.md lists the routes, the parameters and the problems.
"""
