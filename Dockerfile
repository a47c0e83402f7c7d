# The studio with a worker of its own, on one port:
#   docker build -t pastiche --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cpu .
#   docker run -p 8501:8501 -v pastiche:/data pastiche
FROM python:3.11.14-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# tini: process 1 has to reap model processes whose worker was killed, and Python does not.
# /data is also root's group's, which OpenShift gives to the user that it makes up.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 studio \
    && install --directory --owner=studio --group=root --mode=775 /data

WORKDIR /app

# Before the code, so that changes of the code do not reinstall anything.
COPY requirements.txt constraints.txt ./

# PyPI's torch brings about 4 GB of CUDA libraries. With the index of the CPU builds, torch and torchvision are installed from there, both in the
# versions of requirements.txt and without dependencies: a torchvision from PyPI would be compiled against the other torch. The next step installs
# the dependencies from PyPI and finds the two versions satisfied ("2.14.1" accepts "2.14.1+cpu").
ARG TORCH_INDEX=""
RUN if [ -n "$TORCH_INDEX" ]; then \
        grep -E '^(torch|torchvision)==' requirements.txt > torch.txt \
        && pip install --no-deps --index-url "$TORCH_INDEX" -r torch.txt \
        && rm torch.txt; \
    fi \
    && pip install -c constraints.txt -r requirements.txt

# .dockerignore admits only what runs. The files belong to root: the app cannot change its own code.
COPY . .

USER 1000
ENV NST_DATA_DIR=/data/studio \
    NST_WEIGHTS_DIR=/data/weights \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501
VOLUME /data
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; base = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); u.build_opener(u.ProxyHandler({})).open(f'http://127.0.0.1:{os.environ[\"STREAMLIT_SERVER_PORT\"]}{base and \"/\" + base}/_stcore/health', timeout=4)"]

ENTRYPOINT ["tini", "--"]
CMD ["streamlit", "run", "streamlit_app.py"]
