FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 TF_CPP_MIN_LOG_LEVEL=3 \
    AE_DATA_DIR=/data AE_RUNS_DIR=/runs
# A user that is given by a number alone is in group 0, too (docker run --user 1000).
RUN useradd --create-home --uid 10001 --gid 0 app \
    && mkdir /data /runs \
    && chown app:0 /data /runs /home/app \
    && chmod 2775 /data /runs /home/app
ENV HOME=/home/app
WORKDIR /app
COPY requirements*.lock ./
RUN pip install --require-hashes --only-binary :all: -r requirements.lock
# For workers with a GPU: --build-arg TENSORFLOW=gpu
ARG TENSORFLOW=""
RUN if [ -n "$TENSORFLOW" ]; then pip uninstall -y tensorflow-cpu \
    && pip install --require-hashes --only-binary :all: -r "requirements-$TENSORFLOW.lock"; fi
COPY --chown=app:0 . .
RUN pip install --no-deps --no-build-isolation --editable .
USER app
VOLUME ["/data", "/runs"]
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
    CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=2)"
CMD ["python", "-m", "ae_core.workers.web_server", "8501"]
