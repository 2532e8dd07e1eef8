# talkgraph on NVIDIA GPUs; docs/install.md says how to build and run it.
ARG PYTHON=3.12

FROM python:${PYTHON}-slim-bookworm AS installed
# Where pip looks besides its default. CUDA and cuDNN come as packages with PyTorch, in the versions
# that onnxruntime-gpu wants too; only the driver is the host's.
ARG PIP_EXTRA_INDEX_URL=""
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY LICENSES LICENSES
COPY talkgraph talkgraph
RUN python -m venv /opt/talkgraph \
 && /opt/talkgraph/bin/pip install --no-cache-dir -c constraints.txt '.[gpu]'

FROM python:${PYTHON}-slim-bookworm
COPY --from=installed /opt/talkgraph /opt/talkgraph
ENV PATH=/opt/talkgraph/bin:$PATH \
    HOME=/store \
    USER=talkgraph \
    PIP_NO_CACHE_DIR=1 \
    TALKGRAPH_STORE=/store/results \
    TALKGRAPH_MODELS=/models \
    NUMBA_CACHE_DIR=/store/compiled \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
# Open to any user, so that `docker run --user` works.
RUN mkdir /store /models /work \
 && chmod 1777 /store /models /work
USER 10001:10001
# Names for `talkgraph models pull`, or "all" for what the graphs load; empty: fetched at first use.
ARG MODELS=""
ARG PIP_EXTRA_INDEX_URL=""
RUN if [ "$MODELS" = all ]; then talkgraph models pull --quiet; \
    elif [ -n "$MODELS" ]; then talkgraph models pull --quiet ${MODELS}; fi \
 && find /models -mindepth 1 -exec chmod a+rwX {} +
WORKDIR /work
VOLUME ["/store"]
HEALTHCHECK --interval=5m --timeout=2m --start-period=30s \
  CMD ["sh", "-c", "talkgraph doctor --json || exit 1"]
ENTRYPOINT ["talkgraph"]
CMD ["--help"]
