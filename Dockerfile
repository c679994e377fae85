# Three images of one app; the last one is the default:
#   docker build --target web .      the web servers, without TensorFlow
#   docker build --target worker .   scheduler and workers, without Streamlit
#   docker build .                   the app: all of it, for docker run
# compose.yaml builds the former two. BASE may be any Debian with Python 3.11, 3.12 or 3.13.
ARG BASE=python:3.12-slim

FROM ${BASE} AS base
ENV PYTHONUNBUFFERED=1 TF_CPP_MIN_LOG_LEVEL=3 PYTHONPATH=/app PATH=/venv/bin:$PATH \
    AE_DATA_DIR=/data AE_RUNS_DIR=/runs HOME=/home/app
# A user that is given by a number alone is in group 0, too (docker run --user 1000).
RUN useradd --create-home --uid 10001 --gid 0 app \
    && mkdir /data /runs \
    && chown app:0 /data /runs /home/app \
    && chmod 2775 /data /runs /home/app
VOLUME ["/data", "/runs"]
WORKDIR /app
# The cache spares an image what another one has downloaded. What nothing here uses, a sixth of all,
# stays out: headers, the packages' own tests, a compiler's parser, extensions of notebooks.
RUN python3 -m venv /venv \
    && printf '%s\n' 'set -eu' \
    'pip --cache-dir /cache install --require-hashes --only-binary :all: -r "$1"' \
    'cd /venv/lib/python3*/site-packages' \
    'rm -rf tensorflow/include pyarrow/include clang pydeck/nbextension plotly/labextension' \
    'find . -type d -name tests -prune -exec rm -r {} +' \
    > /usr/local/bin/install-lock

FROM base AS server
COPY requirements-web.lock ./
RUN --mount=type=cache,target=/cache sh /usr/local/bin/install-lock requirements-web.lock
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
    CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=2)"
CMD ["python", "-m", "ae_core.workers.web_server", "8501"]

FROM server AS web
COPY --chown=app:0 . .
USER app

FROM base AS worker
COPY requirements-worker.lock ./
RUN --mount=type=cache,target=/cache sh /usr/local/bin/install-lock requirements-worker.lock
# With an NVIDIA card: --build-arg TENSORFLOW=gpu
ARG TENSORFLOW=""
COPY requirements-gpu.lock ./
RUN --mount=type=cache,target=/cache if [ -n "$TENSORFLOW" ]; then pip uninstall -y tensorflow-cpu \
    && sh /usr/local/bin/install-lock "requirements-$TENSORFLOW.lock"; fi
COPY --chown=app:0 . .
USER app

FROM server AS app
COPY requirements.lock ./
RUN --mount=type=cache,target=/cache sh /usr/local/bin/install-lock requirements.lock
COPY --chown=app:0 . .
USER app
