#!/bin/sh
# Sends one report of a Drupal site to Patchboard: its composer.lock, and what Drush says of it.
#
# Needs a POSIX shell and curl; uses drush, composer and gzip where they are. Without drush it sends the lock file alone.
# The report is signed, so that the key itself never leaves this machine. Neither curl nor any other program is handed the
# key as an argument, where other users of the machine could read it.
#
# How to call it, and what its exit codes mean: report.sh -h

set -eu
umask 077
export LC_ALL=C

VERSION=1.0
ATTEMPTS=3
# Of the status only what is needed: it would print the database's password too. Of the requirements no description: it has the cron key.
STATUS_FIELDS=drupal-version,php-version,db-driver,install-profile,bootstrap
REQUIREMENT_FIELDS=title,severity,sid,value
# What core's update module has worked out, without the lists of releases. A site without that module prints nothing.
# shellcheck disable=SC2016  # the dollars are PHP's
UPDATE_DATA='
$handler = \Drupal::moduleHandler();
if ($handler->moduleExists("update") && ($available = update_get_available(TRUE))) {
  $handler->loadInclude("update", "inc", "update.compare");
  $kept = array_flip(["name", "project_type", "existing_version", "includes", "disabled", "latest_version", "recommended", "status"]);
  $made = [];
  foreach (update_calculate_project_data($available) as $name => $row) {
    $made[$name] = array_intersect_key($row, $kept);
    foreach ($row["security updates"] ?? [] as $release) {
      $made[$name]["security updates"][] = ["version" => $release["version"] ?? NULL];
    }
  }
  print json_encode($made);
}'

usage() {
  cat <<'TEXT'
Usage: report.sh [-u URL] [-k FILE] [-r DIR] [-a] [-s] [-n] [-q]

  -u URL   where Patchboard is, https://patchboard.example.org   (or PATCHBOARD_URL)
  -k FILE  a file with the site's key and nothing else           (or PATCHBOARD_KEY_FILE; or the key itself in PATCHBOARD_KEY)
  -r DIR   the project: where composer.lock lies                 (or PATCHBOARD_ROOT; the present folder)
  -a       ask `composer audit` too (it asks the network)
  -s       send the key instead of a signature
  -n       print what would be sent, and send nothing
  -q       say nothing but errors
  -h       this text

DRUSH, COMPOSER and CURL name these programs where they are not on the PATH.

Exit codes: 0 received · 1 called wrongly · 2 no URL or no key · 3 nothing to send, or a needed program is missing or failed
            4 Patchboard was not reached · 5 Patchboard refused the report · 6 Patchboard is busy or failed; try later
TEXT
}

say() { [ -n "$quiet" ] || printf '%s\n' "$*" >&2; }

fail() {
  code=$1
  shift
  printf 'report.sh: %s\n' "$*" >&2
  exit "$code"
}

url=${PATCHBOARD_URL:-} key=${PATCHBOARD_KEY:-} key_file=${PATCHBOARD_KEY_FILE:-} root=${PATCHBOARD_ROOT:-.}
audit='' plain='' dry='' quiet=''
unset PATCHBOARD_KEY # drush and composer need not know it
while getopts u:k:r:asnqh option; do
  case $option in
    u) url=$OPTARG ;;
    k) key_file=$OPTARG key='' ;;
    r) root=$OPTARG ;;
    a) audit=1 ;;
    s) plain=1 ;;
    n) dry=1 ;;
    q) quiet=1 ;;
    h) usage && exit 0 ;;
    *) usage >&2 && exit 1 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -eq 0 ] || fail 1 "It takes no arguments: $1"
[ -d "$root" ] || fail 1 "There is no folder $root."
root=$(cd "$root" && pwd)

if [ -z "$dry" ]; then
  [ -n "$url" ] || fail 2 "Say where Patchboard is: -u URL or PATCHBOARD_URL."
  if [ -z "$key" ] && [ -n "$key_file" ]; then
    [ -r "$key_file" ] || fail 2 "The key file $key_file cannot be read."
    key=$(tr -d ' \t\r\n' <"$key_file")
  fi
  case $key in
    '') fail 2 "Give the site's key: -k FILE, PATCHBOARD_KEY_FILE or PATCHBOARD_KEY." ;;
    *[!A-Za-z0-9_-]*) fail 2 "This is no key of Patchboard: a key is pb_ and letters, digits, _ and -." ;;
    pb_?*) ;;
    *) fail 2 "This is no key of Patchboard: a key begins with pb_." ;;
  esac
  case $url in
    https://?* | http://?*) ;;
    *) fail 2 "The URL begins with https:// (or http://): $url" ;;
  esac
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/patchboard.XXXXXX") || fail 3 "No folder could be made in ${TMPDIR:-/tmp}."
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- collecting

# The first of these programs that there is, with its whole path; nothing where there is none.
find_program() {
  for candidate in "$@"; do
    if [ -n "$candidate" ] && found=$(command -v "$candidate" 2>/dev/null); then
      case $found in
        /*) printf '%s' "$found" ;;
        */*) printf '%s' "$(pwd)/$found" ;;
        *) printf '%s' "$candidate" ;;
      esac
      return
    fi
  done
}

# Whether a file holds one JSON object, as far as its two ends show: warnings before the JSON would spoil the whole report.
is_object() {
  [ -s "$1" ] && [ "$(tr -d ' \t\r\n' <"$1" | head -c 1)" = '{' ] && [ "$(tr -d ' \t\r\n' <"$1" | tail -c 1)" = '}' ]
}

before='{"documents": {
'
# add NAME FILE: puts a document into the bundle.
add() {
  {
    printf '%s"%s": ' "$before" "$1"
    cat "$2"
  } >>"$work/bundle"
  before=',
'
  say "  $1"
}

# ask NAME PROGRAM ARGUMENTS...: runs a program and adds what it prints. Returns 1 where that is no JSON object.
# Some exit with a code of their own when they find something, so that what they print decides.
ask() {
  name=$1
  shift
  (cd "$root" && "$@") >"$work/out" 2>"$work/err" </dev/null || true
  is_object "$work/out" || return 1
  add "$name" "$work/out"
}

# Like ask, but goes without it where it fails, and says so.
ask_also() { ask "$@" || say "  $1: left out, there was no JSON from it"; }

say "Collecting from $root:"
if is_object "$root/composer.lock"; then
  add composer.lock "$root/composer.lock"
fi
drush=$(find_program "${DRUSH:-}" "$root/vendor/bin/drush" drush)
if [ -n "$drush" ]; then
  ask pm:list "$drush" pm:list --format=json || fail 3 "drush pm:list gave no list: $(head -c 300 "$work/err" | tr '\n' ' ')"
  ask_also core:status "$drush" core:status --format=json --fields="$STATUS_FIELDS"
  ask_also core:requirements "$drush" core:requirements --format=json --fields="$REQUIREMENT_FIELDS"
  ask updatedb:status "$drush" updatedb:status --format=json || : # prints nothing where nothing waits
  ask update_calculate_project_data "$drush" php:eval "$UPDATE_DATA" || :
fi
if [ -n "$audit" ]; then
  composer=$(find_program "${COMPOSER:-}" composer)
  [ -n "$composer" ] || fail 3 "There is no composer: set COMPOSER, or leave -a out."
  ask 'composer audit' "$composer" audit --format=json --no-interaction ||
    fail 3 "composer audit gave no answer: $(head -c 300 "$work/err" | tr '\n' ' ')"
fi
[ -s "$work/bundle" ] || fail 3 "There is nothing to send: neither $root/composer.lock nor drush."
printf '}}\n' >>"$work/bundle"

if [ -n "$dry" ]; then
  cat "$work/bundle"
  exit 0
fi

# ---- signing: HMAC-SHA-256 (RFC 2104) from SHA-256 alone, so that no program is handed the key as an argument

sha256() {
  case $hasher in
    */openssl) "$hasher" dgst -sha256 -r ;;
    */shasum) "$hasher" -a 256 ;;
    *) "$hasher" ;;
  esac | cut -c 1-64
}

# The key's 64 bytes, each XOR $1.
padded_key() {
  count=0
  for byte in $(printf '%s' "$key" | od -An -v -tu1); do
    printf '%b' "\\0$(printf '%03o' $((byte ^ $1)))"
    count=$((count + 1))
  done
  while [ $count -lt 64 ]; do
    printf '%b' "\\0$(printf '%03o' "$1")"
    count=$((count + 1))
  done
}

# Hexadecimal digits as the bytes that they mean.
unhex() {
  rest=$1
  while [ -n "$rest" ]; do
    tail=${rest#??}
    printf '%b' "\\0$(printf '%03o' $((0x${rest%"$tail"})))"
    rest=$tail
  done
}

hmac() { { padded_key 92 && unhex "$({ padded_key 54 && cat; } | sha256)"; } | sha256; }

hasher=$(find_program openssl sha256sum shasum)
[ -n "$hasher" ] || [ -n "$plain" ] || fail 3 "Signing needs openssl, sha256sum or shasum. Without: -s sends the key itself."
# A key that is longer than SHA-256's block of 64 bytes would have to be hashed first; Patchboard makes none.
[ ${#key} -le 64 ] || fail 2 "This is no key of Patchboard: it is too long."

# ---- sending

curl=$(find_program "${CURL:-}" curl)
[ -n "$curl" ] || fail 3 "There is no curl: set CURL."
target=${url%/}/api/v1/ingest
rest=${target#*://}
path=/${rest#*/}
body=$work/bundle
encoding=''
if command -v gzip >/dev/null 2>&1; then
  gzip -c "$work/bundle" >"$work/bundle.gz"
  body=$work/bundle.gz encoding=gzip
fi

# What curl is told, on its standard input: the key or the signature is in it. Each attempt has a signature of its own.
headers() {
  printf 'header = "Content-Type: application/json"\nuser-agent = "patchboard-report.sh/%s"\n' "$VERSION"
  [ -z "$encoding" ] || printf 'header = "Content-Encoding: %s"\n' "$encoding"
  if [ -n "$plain" ]; then
    printf 'header = "X-API-Key: %s"\n' "$key"
    return
  fi
  moment=$(date +%s)
  nonce=$(head -c 16 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
  digest=$(printf 'POST\n%s\n%s\n%s\n%s' "$path" "$moment" "$nonce" "$(sha256 <"$body")" | hmac)
  printf 'header = "X-Patchboard-Key: %.12s"\nheader = "X-Patchboard-Timestamp: %s"\n' "$key" "$moment"
  printf 'header = "X-Patchboard-Nonce: %s"\nheader = "X-Patchboard-Signature: v1=%s"\n' "$nonce" "$digest"
}

# The reason that Patchboard gives, from its JSON.
reason() { sed -n 's/.*"message": *"\(\([^"\\]\|\\.\)*\)".*/\1/p' "$work/answer" | head -n 1 | cut -c 1-500; }

attempt=1
while :; do
  : >"$work/answer"
  status=$(headers | "$curl" --config - --silent --show-error --max-time 120 --data-binary "@$body" --output "$work/answer" \
    --write-out '%{http_code}' "$target" 2>"$work/err") || status=000
  case $status in
    200)
      say "Received: $(sed -n 's/.*"report_id": *"\([^"]*\)".*/report \1/p' "$work/answer" | head -n 1)"
      exit 0
      ;;
    000 | 429 | 5??) ;;
    *) fail 5 "Patchboard refused the report ($status): $(reason)" ;;
  esac
  [ $attempt -lt $ATTEMPTS ] || break
  say "No luck ($status), trying again in $((attempt * attempt * 5)) seconds."
  sleep "${PATCHBOARD_WAIT:-$((attempt * attempt * 5))}"
  attempt=$((attempt + 1))
done
[ "$status" = 000 ] && fail 4 "Patchboard was not reached at $url: $(head -c 300 "$work/err" | tr '\n' ' ')"
fail 6 "Patchboard could not take the report now ($status): $(reason)"
