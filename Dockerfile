# Builds a wheel and the portal, then an image with only what production needs: no compiler, no PostgreSQL, no tests.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
# `--build-arg EXTRAS=[tracing]` for an image that can send spans.
ARG EXTRAS=
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir ".$EXTRAS"
ARG ORIGIN=https://bio.re
RUN /venv/bin/biore portal build --out /portal --origin $ORIGIN

FROM python:3.13-slim
RUN useradd --system --no-create-home biore
COPY --from=build /venv /venv
COPY --from=build /portal /portal
USER biore
ENV PATH=/venv/bin:$PATH BIORE_ENV=production BIORE_HOST=0.0.0.0 BIORE_PORTAL_DIR=/portal
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=3)"]
# `biore migrate` before a new version, `biore worker` beside the API: the same image with another command.
CMD ["biore", "serve"]
