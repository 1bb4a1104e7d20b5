# The adapter, small and not as root. Build from the checkout's root:
#   docker build -f docker/adapter.Dockerfile -t call-monitor .
FROM docker.io/library/debian:forky-slim AS page
RUN apt-get update \
 && apt-get install -y --no-install-recommends nodejs npm ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY adapter/web/page /src/page
RUN cd /src/page && mkdir -p ../static && npm ci --omit=dev --ignore-scripts && npm run build

FROM docker.io/library/debian:forky-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates \
 && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/call-monitor
COPY requirements.lock /src/
RUN /opt/call-monitor/bin/pip install --no-cache-dir --require-hashes -r /src/requirements.lock
COPY pyproject.toml README.md /src/
COPY adapter /src/adapter
COPY --from=page /src/static /src/adapter/web/static
RUN /opt/call-monitor/bin/pip install --no-cache-dir --no-deps /src \
 && /opt/call-monitor/bin/pip uninstall -y pip

FROM docker.io/library/debian:forky-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 call-monitor \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/call-monitor --create-home call-monitor
COPY --from=build /opt/call-monitor /opt/call-monitor
COPY docker/adapter.toml /etc/call-monitor/config.toml
ENV PATH=/opt/call-monitor/bin:$PATH XDG_STATE_HOME=/var/lib PYTHONUNBUFFERED=1
USER call-monitor
VOLUME /var/lib/call-monitor
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python3", "-c", \
  "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
CMD ["call-monitor", "serve", "--config", "/etc/call-monitor/config.toml"]
