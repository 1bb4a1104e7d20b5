# The lab's Asterisk: Debian's package with the files of asterisk-conf/, not as root. Build from the checkout's root:
#   docker build -f docker/asterisk.Dockerfile -t call-monitor-asterisk .
FROM docker.io/library/debian:forky-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends asterisk asterisk-core-sounds-en-gsm \
 && rm -rf /var/lib/apt/lists/* /etc/asterisk/* \
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
