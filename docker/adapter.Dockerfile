# The adapter, small and not as root. Build from the checkout's root:
#   docker build -f docker/adapter.Dockerfile -t call-monitor .
# Everything comes from one Debian, by default 13 (stable), which has Python 3.13 and Node. Another one, or a pinned one:
#   --build-arg BASE=docker.io/library/debian@sha256:…
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE} AS page
RUN apt-get update \
 && apt-get install -y --no-install-recommends nodejs npm ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY adapter/web/page /src/page
RUN cd /src/page && mkdir -p ../static && npm ci --omit=dev --ignore-scripts && npm run build

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates \
 && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/call-monitor
COPY requirements.lock /src/
# Without compiled copies, and without phonenumbers' tables of places, carriers and time zones, which nothing here reads.
RUN /opt/call-monitor/bin/pip install --no-cache-dir --no-compile --require-hashes -r /src/requirements.lock \
 && cd /opt/call-monitor/lib/python3*/site-packages/phonenumbers && rm -rf geodata carrierdata tzdata
COPY pyproject.toml setup.py MANIFEST.in README.md SECURITY.md CHANGELOG.md config.sample.toml /src/
COPY asterisk-conf /src/asterisk-conf
COPY docs /src/docs
COPY adapter /src/adapter
COPY --from=page /src/static /src/adapter/web/static
RUN /opt/call-monitor/bin/pip install --no-cache-dir --no-compile --no-deps /src \
 && rm -rf /opt/call-monitor/lib/python3*/site-packages/pip*

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 ca-certificates \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* /usr/share/doc /usr/share/man /usr/share/locale \
 && groupadd --system --gid 10001 call-monitor \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/call-monitor --create-home call-monitor
COPY --from=build /opt/call-monitor /opt/call-monitor
COPY docker/adapter.toml /etc/call-monitor/config.toml
ENV PATH=/opt/call-monitor/bin:$PATH XDG_STATE_HOME=/var/lib PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER call-monitor
VOLUME /var/lib/call-monitor
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python3", "-c", \
  "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
CMD ["call-monitor", "serve", "--config", "/etc/call-monitor/config.toml"]
