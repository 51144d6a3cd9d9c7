# Builds a wheel and the portal, then an image with only what production needs: no compiler, no PostgreSQL, no tests.
# The tag is for readers, the digest decides: 3.13.15-slim-trixie. Renew both together.
FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
WORKDIR /src
COPY . .
# `--build-arg LOCK=tracing` for an image that can send spans.
ARG LOCK=production
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements/$LOCK.txt \
    && /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /venv/bin/pip uninstall --yes setuptools
ARG ORIGIN=https://bio.re
RUN /venv/bin/biore portal build --out /portal --origin $ORIGIN

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
RUN useradd --system --no-create-home biore
COPY --from=build /venv /venv
COPY --from=build /portal /portal
USER biore
ENV PATH=/venv/bin:$PATH BIORE_ENV=production BIORE_HOST=0.0.0.0 BIORE_PORTAL_DIR=/portal
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=3)"]
# `biore migrate` before a new version, `biore worker` beside the API: the same image with another command.
CMD ["biore", "serve"]
