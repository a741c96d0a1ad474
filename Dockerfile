# GMX POP setup wizard. Build: docker build -t gmx-pop-wizard .    Run: see docs/operation.md
# The site answers only under WEBAPP_PUBLIC_URL, WEBAPP_TRUSTED_HOSTS and localhost.
#
# BASE_IMAGE: any image with Python 3.11 or newer and its venv module.
# VERSION, REVISION (the commit), SOURCE (an address): what the labels and --version say of the build.
# The optional secrets pip-conf and pip-ca carry an own package index and its certificate authority;
# they leave nothing in the image.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /src
RUN python3 -m venv /opt/gmx-pop-wizard /opt/build
COPY requirements.txt ./
RUN --mount=type=secret,id=pip-conf,target=/etc/pip.conf,required=false \
    --mount=type=secret,id=pip-ca,target=/etc/ssl/certs/ca-certificates.crt,required=false \
    /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements.txt && \
    /opt/gmx-pop-wizard/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
ARG REVISION=
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY webapp webapp
COPY templates templates
COPY static static
RUN REVISION="${REVISION}" /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /dist . && \
    /opt/gmx-pop-wizard/bin/pip install --no-deps --no-index /dist/*.whl && \
    /opt/gmx-pop-wizard/bin/pip uninstall --yes hatchling editables pathspec pluggy trove-classifiers setuptools pip && \
    python3 -m compileall -q --invalidation-mode unchecked-hash /opt/gmx-pop-wizard/lib

FROM ${BASE_IMAGE}
ARG VERSION=
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="GMX POP setup wizard" org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.source="${SOURCE}"
COPY --from=build /opt/gmx-pop-wizard /opt/gmx-pop-wizard
ENV PATH=/opt/gmx-pop-wizard/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 WEBAPP_DATA_DIR=/data
RUN mkdir /data && chown 10001:10001 /data
VOLUME /data
USER 10001:10001
WORKDIR /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gmx-pop-wizard", "serve", "--host", "0.0.0.0", "--port", "8000"]
