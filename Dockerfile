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
# The build demands the folder of the templates, which only deploying needs: the image does not keep them.
RUN mkdir /build/deploy
# Without the tools that run where the project is developed.
RUN /opt/pip/bin/pip install --no-build-isolation --no-cache-dir --no-compile --no-deps --no-index --target /app /build \
    && rm -r /app/django_runtimes/compare /app/django_runtimes/deploy /app/django_runtimes/pinning \
        /app/django_runtimes/project_files \
    && cp -R /build/src/webapp /app/webapp \
    && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /app \
    && DATABASE_URL=postgresql://nobody@127.0.0.1/nothing WEBAPP_RUNTIME=local WEBAPP_STATIC_ROOT=/app/static \
        /opt/venv/bin/python -m webapp collectstatic --no-input

FROM ${BASE_IMAGE}
ENV PATH=/opt/venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=webapp.settings \
    PYTHONDONTWRITEBYTECODE=1 \
    WEBAPP_BIND_HOST=0.0.0.0 \
    WEBAPP_MEDIA_ROOT=/tmp/media \
    WEBAPP_STATIC_ROOT=/app/static
# Some bases carry pip, or the wheel that venv makes it from, and some the standard library without its compiled files.
# What the application never imports stays so: it would be 4.5 MB.
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
LABEL org.opencontainers.image.title="webapp" \
      org.opencontainers.image.description="One ASGI Django codebase for AWS Lambda, App Runner, ECS and Kubernetes"
# Nobody may write here: Python looks for modules in it first.
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "django_runtimes.entrypoints.launch"]
