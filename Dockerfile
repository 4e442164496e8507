# One image for every runtime; see docs/image.md.
ARG BASE_IMAGE=docker.io/library/python:3.13-slim
# The driver of another database, if any: oracle or mssql (docs/engines.md).
ARG DRIVER=""

FROM ${BASE_IMAGE} AS packages
# pip has an environment of its own, so that the image does not include it.
RUN python -m venv /opt/pip && python -m venv --without-pip /opt/venv
# It removes 13 MB of debugging symbols from two packages. Pinned versions of Debian's packages disappear with each
# security update.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
COPY requirements/serving.txt /build/requirements/
COPY requirements/drivers /build/requirements/drivers
ARG DRIVER
# With unchecked hashes Python never recompiles a module, whatever its source's timestamp. Only makemessages reads the
# sources of the packages' translations, which take 11 MB.
RUN /opt/pip/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --no-deps \
        --only-binary :all: --require-hashes -r /build/requirements/serving.txt \
    && if [ -n "$DRIVER" ]; then /opt/pip/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
        --no-deps --only-binary :all: --require-hashes -r "/build/requirements/drivers/$DRIVER.txt"; fi \
    && find /opt/venv -name '*.po' -delete \
    && find /opt/venv \( -path '*/uvloop/*.so' -o -path '*/httptools/*.so' \) -exec strip --strip-debug {} + \
    && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib \
    && echo /app > "$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/app.pth"

FROM packages AS application
COPY requirements/build.txt /build/requirements/
RUN /opt/pip/bin/pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes \
        -r /build/requirements/build.txt
COPY pyproject.toml README.md /build/
COPY src /build/src
# The wheel's build requires the folders of the templates and the pages, but the image does not need their contents.
RUN mkdir /build/deploy /build/docs
# Removes the tools that only run on a developer's machine.
RUN /opt/pip/bin/pip install --no-build-isolation --no-cache-dir --no-compile --no-deps --no-index --target /app /build \
    && rm -r /app/django_runtimes/compare /app/django_runtimes/deploy /app/django_runtimes/pinning \
        /app/django_runtimes/project_files \
    && cp -R /build/src/webapp /app/webapp \
    && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /app \
    && DATABASE_URL=postgresql://nobody@127.0.0.1/nothing WEBAPP_RUNTIME=local WEBAPP_STATIC_ROOT=/app/static \
        /opt/venv/bin/python -m webapp collectstatic --no-input

FROM ${BASE_IMAGE} AS served
ENV PATH=/opt/venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=webapp.settings \
    PYTHONDONTWRITEBYTECODE=1 \
    WEBAPP_BIND_HOST=0.0.0.0 \
    WEBAPP_DIRECT_UPLOADS=1 \
    WEBAPP_MEDIA_ROOT=/tmp/media \
    WEBAPP_MODULE_BUNDLE=/opt/venv/modules.bundle \
    WEBAPP_SECURITY_HEADERS=1 \
    WEBAPP_STATIC_ROOT=/app/static
# Base images may include pip, or the wheel from which venv installs it, and may lack the standard library's compiled
# files. Modules that the application never imports are not compiled, which saves 4.5 MB.
RUN stdlib="$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && rm -rf /usr/local/bin/pip* "$stdlib"/site-packages/pip* "$stdlib"/ensurepip /usr/share/python-wheels \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '/(_aix|_osx_support|_pydatetime|_pydecimal|\
_pyio|_pyrepl|bdb|cProfile|cmd|code|compileall|cookiejar|curses|dbm|distutils|doctest|\
encodings/(cp|iso|mac_)[^/]*|filecmp|fileinput|fractions|ftplib|http/server|idlelib|imaplib|importlib/_bootstrap[^/]*|\
lib2to3|macholib|mailbox|modulefinder|msilib|nntplib|optparse|pdb|pickletools|plistlib|poplib|proactor_events|profile|\
pstats|py_compile|pyclbr|pydoc|pydoc_data|rlcompleter|robotparser|shelve|smtpd|sqlite3|statistics|symtable|tabnanny|\
tarfile|telnetlib|test|tests|timeit|tkinter|tomllib|trace|tracemalloc|turtle|turtledemo|unittest|venv|wave|webbrowser|\
windows_[^/]*|wintypes|wsgiref/validate|xml/dom|xmlrpc|zipapp)(/|[.]py$)' "$stdlib"
COPY --from=packages /opt/venv /opt/venv
COPY --from=application /app /app
ARG DRIVER
# Microsoft's driver loads these libraries, and trusts the system's certificates, of which each needs a file.
# hadolint ignore=DL3008
RUN if [ "$DRIVER" = mssql ]; then \
        apt-get update \
        && apt-get install --yes --no-install-recommends ca-certificates libgssapi-krb5-2 libodbc2 \
        && rm -rf /var/lib/apt/lists/* \
        && awk '/BEGIN CERTIFICATE/ { n++ } n { print > ("/usr/local/share/ca-certificates/rds-" n ".crt") }' \
            /app/django_runtimes/databases/roots/rds.pem \
        && update-ca-certificates; \
    fi
LABEL org.opencontainers.image.title="webapp" \
      org.opencontainers.image.description="One ASGI Django codebase for AWS Lambda, App Runner, ECS and Kubernetes" \
      com.amazonaws.lambda.feature.snapstart="Allow"
# The user must not be able to write here, since Python searches this folder for modules first.
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "django_runtimes.entrypoints.launch"]

# Starts the image as a function and as a server, without a database, and writes the modules that they import to one
# file. Whatever else the starts write stays in this stage.
FROM served AS started
RUN python -m django_runtimes.entrypoints.bundle /tmp/modules.bundle

FROM served
COPY --from=started /tmp/modules.bundle /opt/venv/modules.bundle
