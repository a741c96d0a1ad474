# GMX POP setup wizard. Build: docker build -t gmx-pop-wizard .    Run: see docs/operation.md
# The site answers only under WEBAPP_PUBLIC_URL, WEBAPP_TRUSTED_HOSTS and localhost.
#
# BASE_IMAGE: any image with Python 3.11 or newer and its venv module; with a digest (name@sha256:…) always the same one.
# VERSION, REVISION (the commit), SOURCE (an address): what the labels and --version say of the build.
# SOURCE_DATE_EPOCH: the time of all files, so that two builds are the same (docs/operation.md).
# The optional secrets pip-conf and pip-ca carry an own package index and its certificate authority;
# they leave nothing in the image.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /src
COPY requirements.txt pyproject.toml hatch_build.py README.md LICENSE ./
COPY deploy/build deploy/build
COPY webapp webapp
COPY templates templates
COPY static static
ARG REVISION=
ARG SOURCE_DATE_EPOCH=
RUN --mount=type=secret,id=pip-conf,target=/etc/pip.conf,required=false \
    --mount=type=secret,id=pip-ca,target=/etc/ssl/certs/ca-certificates.crt,required=false \
    REVISION="${REVISION}" sh deploy/build /opt/gmx-pop-wizard

FROM ${BASE_IMAGE}
ARG VERSION=
ARG REVISION=
ARG SOURCE=
ARG SOURCE_DATE_EPOCH=
LABEL org.opencontainers.image.title="GMX POP setup wizard" org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.source="${SOURCE}"
COPY --from=build /opt/gmx-pop-wizard /opt/gmx-pop-wizard
ENV PATH=/opt/gmx-pop-wizard/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 WEBAPP_DATA_DIR=/data
RUN rm -rf /usr/local/lib/python3.*/site-packages/pip* /usr/local/lib/python3.*/site-packages/setuptools* && \
    mkdir /data && chown 10001:10001 /data
VOLUME /data
USER 10001:10001
WORKDIR /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gmx-pop-wizard", "serve", "--host", "0.0.0.0", "--port", "8000"]
