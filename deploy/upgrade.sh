#!/usr/bin/env bash
# Bring the API and the worker to another release without a failed request, or back by itself.
#
#   deploy/upgrade.sh ENV_FILE RELEASE [--yes]
#
# Pre-flight, a backup where one can be made, migrations (they only add), then one API container of the new release beside the
# old ones, and, once it is ready, the old ones away one by one; then SOAK seconds (60) in which the new ones must stay
# ready and must not answer 5xx. Anything that fails brings the old release back. The database's schema is not taken back:
# the older release serves on a schema that a newer one has extended. The plan is printed before anything is touched.
set -euo pipefail
env_file=${1:?name the settings file} release=${2:?name the release, such as 0.2.0} yes=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
soak=${SOAK:-60}
setting() { sed -n "s/^$1=//p" "$env_file" | tail -1; }
old=$(setting RELEASE) project=$(setting COMPOSE_PROJECT_NAME) count=$(setting API_CONTAINERS)
project=${project:-ticker} count=${count:-2}
compose_program=$(command -v docker-compose >/dev/null && echo docker-compose || echo "docker compose")
compose() { RELEASE=$1 $compose_program --env-file "$env_file" -f "$here/compose.yaml" ${COMPOSE_MORE:-} "${@:2}"; }
of() { docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$1"; }
say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*"; }

# ---- pre-flight: nothing is touched before this has passed ----
wrong=""
for image in api; do
  docker image inspect "ticker-converter/$image:$release" >/dev/null 2>&1 || wrong+="image ticker-converter/$image:$release is not here; "
  docker image inspect "ticker-converter/$image:$old" >/dev/null 2>&1 || wrong+="image ticker-converter/$image:$old is not here to go back to; "
done
[ "$release" != "$old" ] || wrong+="release $release is what runs; "
[ -n "$(of api)" ] && [ -n "$(of nginx)" ] && [ -n "$(of db)" ] || wrong+="the stack does not run; "
free=$(df --output=avail -k / | tail -1)
[ "$free" -gt 2000000 ] || wrong+="less than 2 GB of disk are free; "
if [ -n "$wrong" ]; then echo "not upgraded: ${wrong%; }" >&2; exit 2; fi
cat <<PLAN
from $old to $release, $(of api | wc -l) API containers:
  1. migrations of $release that are missing (they add; lock_timeout 2 s)
  2. a container of $release beside the old ones; ready? then the old ones go, one by one
  3. the worker
  4. $soak s of watching; any failure: back to $old
rollback after that: deploy/upgrade.sh $env_file $old
PLAN
if [ "$yes" != --yes ]; then read -r -p "go on? [y/N] " answer && [ "$answer" = y ] || exit 1; fi

old_containers=$(of api) new_containers=""
# address CONTAINER: on the network that nginx asks on
address() { docker inspect -f "{{(index .NetworkSettings.Networks \"${project}_edge\").IPAddress}}" "$1"; }
# known ADDRESS: whether nginx sends requests there
known() { docker exec "$(of nginx)" grep -qw "$1" /run/nginx/ready 2>/dev/null; }
draining() { docker exec -i "$(of nginx)" sh -c 'cat > /run/nginx/draining'; }
# leave CONTAINER: nginx stops sending requests, then the container drains and goes
leave() {
  local where; where=$(address "$1")
  echo "$where" | draining
  for _ in $(seq 30); do known "$where" || break; sleep 1; done
  docker stop -t 40 "$1" >/dev/null && docker rm "$1" >/dev/null
  draining </dev/null
}
# add RELEASE N: so many containers of that release beside those that run; fails unless they get ready
add() {
  local before wanted now
  before=$(of api)
  wanted=$(($(echo "$before" | wc -w) + $2))
  compose "$1" up -d --no-deps --no-recreate --scale "api=$wanted" api >/dev/null 2>&1 || return 1
  now=$(comm -13 <(echo "$before" | sort) <(of api | sort))
  [ -n "$now" ] || return 1
  added=$now
  for one in $now; do
    for _ in $(seq 60); do
      [ "$(docker inspect -f '{{.State.Health.Status}}' "$one")" = healthy ] && known "$(address "$one")" && continue 2
      sleep 1
    done
    return 1
  done
}
back() {
  trap - ERR
  set +e
  say "FAILED: back to $old"
  local missing
  for one in $old_containers; do docker inspect "$one" >/dev/null 2>&1 || missing=yes; done
  if [ -n "${missing:-}" ]; then
    add "$old" "$count" || say "the old release does not get ready either: docker compose ps"
  fi
  for one in $(of api); do
    case $(docker inspect -f '{{.Config.Image}}' "$one") in *:"$release") leave "$one" ;; esac
  done
  compose "$old" up -d --no-deps worker >/dev/null 2>&1 || true
  say "$old serves"
  exit 1
}
trap back ERR

say "migrations"
compose "$release" run --rm --no-deps migrate >/dev/null 2>&1
for one in $old_containers; do
  say "one container of $release"
  added=""
  add "$release" 1
  new_containers+=" $added"
  say "away with $(docker inspect -f '{{.Name}}' "$one")"
  leave "$one"
done
say "worker"
compose "$release" up -d --no-deps worker >/dev/null 2>&1
say "watching for $soak s"
began=$(date -u +%Y-%m-%dT%H:%M:%S)
for _ in $(seq $((soak / 5))); do
  sleep 5
  for one in $new_containers; do [ "$(docker inspect -f '{{.State.Health.Status}}' "$one")" = healthy ]; done
  failed=$(docker logs --since "$began" "$(of nginx)" 2>/dev/null | grep -cE '"status":5[0-9][0-9]' || true)
  [ "$failed" = 0 ]
done
trap - ERR
sed -i "s/^RELEASE=.*/RELEASE=$release/" "$env_file"
say "$release serves; RELEASE in $env_file says so"
