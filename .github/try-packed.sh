#!/bin/sh
# The tarballs in the folder $1, as somebody installs them: into an empty project, from the registry's dependencies, and used.
set -eu
packed=$(cd "$1" && pwd)
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
cd "$project"
npm init --yes >/dev/null
npm install --no-audit --no-fund @opentelemetry/api "$packed"/rustok-otlp-*.tgz "$packed"/rustok-telemetry-*.tgz
OTEL_TRACES_EXPORTER=console OTEL_SERVICE_NAME=packed node --import @rustok/telemetry/register --input-type=module --eval '
  import { tracedSpan } from "@rustok/telemetry"
  await tracedSpan("used from its tarball", async () => {})
' | tee spans.txt
grep --quiet 'used from its tarball' spans.txt
