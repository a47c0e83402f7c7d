# The agent: the studio's own image, made with CUDA, and the weights of VGG-19 in it, so that no job downloads anything.
ARG STUDIO
FROM $STUDIO
ENV NST_WEIGHTS_DIR=/home/studio/weights
RUN python -m nst weights fetch
CMD ["python", "-m", "worker.batch", "--help"]
