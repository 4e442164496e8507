# One image for every runtime: docs/image.md.
ARG BASE_IMAGE=docker.io/library/python:3.13-slim

FROM ${BASE_IMAGE} AS packages
# pip stands beside the environment that it fills, so that the image gets none.
RUN python -m venv /opt/pip && python -m venv --without-pip /opt/venv
COPY requirements/serving.txt /build/requirements/
# Hashes that are not checked: neither another time of a file nor a read-only root compiles anything again.
RUN /opt/pip/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --no-deps \
        --only-binary :all: --require-hashes -r /build/requirements/serving.txt \
    && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib \
    && echo /app > "$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/app.pth"

FROM packages AS application
COPY requirements/build.txt /build/requirements/
RUN /opt/pip/bin/pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes \
        -r /build/requirements/build.txt
COPY pyproject.toml README.md /build/
COPY src /build/src
RUN /opt/pip/bin/pip install --no-build-isolation --no-cache-dir --no-compile --no-deps --no-index --target /app /build \
    && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /app \
    && DATABASE_URL=postgresql://nobody@127.0.0.1/nothing WEBAPP_RUNTIME=local WEBAPP_STATIC_ROOT=/app/static \
        /opt/venv/bin/python -m webapp collectstatic --no-input

FROM ${BASE_IMAGE}
# Some bases carry pip, and the standard library without its compiled files.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.*/site-packages/pip* /usr/local/lib/python3.*/ensurepip \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=packages /opt/venv /opt/venv
COPY --from=application /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    WEBAPP_BIND_HOST=0.0.0.0 \
    WEBAPP_MEDIA_ROOT=/tmp/media \
    WEBAPP_STATIC_ROOT=/app/static
LABEL org.opencontainers.image.title="webapp" \
      org.opencontainers.image.description="One ASGI Django codebase for AWS Lambda, App Runner, ECS and Kubernetes"
# Nobody may write here: Python looks for modules in it first.
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "webapp.entrypoints.launch"]
