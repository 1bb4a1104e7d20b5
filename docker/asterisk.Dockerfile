# The lab's Asterisk: Debian's package with the files of asterisk-conf/, not as root. Build from the checkout's root:
#   docker build -f docker/asterisk.Dockerfile -t call-monitor-asterisk .
# No stable Debian has Asterisk: 12 and 13 left it out, so this base is 14 (testing) until that is released. It is for the
# lab only; beside an Asterisk of your own (own.yaml) this image is not used. Another base, or a pinned one:
#   --build-arg BASE=docker.io/library/debian@sha256:…
ARG BASE=docker.io/library/debian:forky-slim
FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends asterisk asterisk-core-sounds-en-gsm \
 && rm -rf /var/lib/apt/lists/* /etc/asterisk/* /usr/share/doc /usr/share/man /usr/share/locale \
 && groupadd --system --gid 10001 call-monitor \
 && usermod --append --groups call-monitor asterisk \
 && mkdir -p /run/asterisk /run/call-monitor /var/spool/asterisk/recording \
 && chown asterisk:asterisk /run/asterisk /run/call-monitor /etc/asterisk /var/spool/asterisk /var/spool/asterisk/recording
COPY asterisk-conf /usr/share/call-monitor/asterisk-conf
COPY --chown=asterisk:asterisk docker/asterisk/*.conf /etc/asterisk/
COPY docker/asterisk/start /usr/local/bin/start
USER asterisk
VOLUME /run/call-monitor
EXPOSE 5060/udp 5038 8088
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["asterisk", "-rx", "core waitfullybooted"]
CMD ["/usr/local/bin/start"]
