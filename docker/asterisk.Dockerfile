# The lab's Asterisk: Debian's, cut down to the modules that the lab loads, with the files of asterisk-conf/, not as root.
# Build from the checkout's root:
#   docker build -f docker/asterisk.Dockerfile -t call-monitor-asterisk .
# No stable Debian has Asterisk: 12 and 13 left it out, so this base is 14 (testing) until that is released. It is for the
# lab only; beside an Asterisk of your own (own.yaml) this image is not used. Another base, or a pinned one:
#   --build-arg BASE=docker.io/library/debian@sha256:…
ARG BASE=docker.io/library/debian:forky-slim

FROM ${BASE} AS whole
RUN find /usr/lib -name '*.so*' | sort > /before \
 && apt-get update \
 && apt-get install -y --no-install-recommends asterisk asterisk-core-sounds-en-gsm
COPY asterisk-conf/lab/modules.conf /modules.conf
# Asterisk, those modules, and the libraries that they need and the base lacks (SRTP's loads those of libnss3 by name).
# Debian's package brings 195 MB, which nearly all belongs to modules that the lab doesn't load.
RUN modules=$(dirname "$(find /usr/lib -name chan_pjsip.so)") \
 && { echo /usr/sbin/asterisk; sed -n "s,^load = ,$modules/,p" /modules.conf | tr -d ' '; \
      dpkg -L libnss3 | grep '\.so$'; } > /wanted \
 && xargs ldd < /wanted | sed -n 's,.*=> \(/[^ ]*\).*,\1,p' | sed 's,^/lib/,/usr/lib/,' | sort -u > /libraries \
 && mkdir /slim && cp --parents $(cat /wanted) /slim \
 && cp --parents --dereference $(comm -23 /libraries /before) /slim \
 && cp --parents --archive /usr/share/asterisk /slim \
 && cd /slim/usr/share/asterisk/sounds && rm -f en en_US && ln -s en_US_f_Allison en

FROM ${BASE}
COPY --from=whole /slim/ /
RUN groupadd --system --gid 10001 call-monitor \
 && useradd --system --user-group --groups call-monitor --home-dir /var/lib/asterisk --create-home asterisk \
 && mkdir -p /etc/asterisk /run/asterisk /run/call-monitor /var/log/asterisk /var/spool/asterisk/recording \
 && chown -R asterisk:asterisk /etc/asterisk /run/asterisk /run/call-monitor /var/log/asterisk /var/spool/asterisk
COPY asterisk-conf /usr/share/call-monitor/asterisk-conf
COPY --chown=asterisk:asterisk docker/asterisk/*.conf /etc/asterisk/
COPY docker/asterisk/start /usr/local/bin/start
USER asterisk
VOLUME /run/call-monitor
EXPOSE 5060/udp 5038 8088
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["asterisk", "-rx", "core waitfullybooted"]
CMD ["/usr/local/bin/start"]
