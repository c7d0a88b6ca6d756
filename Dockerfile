# syntax=docker/dockerfile:1
# The whole program with Ray, for containers and Kubernetes (clusters/kubernetes.yaml). From the project's folder:
#   docker build -t alphazero:cpu .
#   docker build -t alphazero:cuda --build-arg TORCH_BACKEND=cu130 .    nodes need driver 580; cu126: driver 525
#   docker run --rm --shm-size=2g -v ~/runs:/home/ray/runs alphazero:cpu alphazero run conf=9x9
#   docker run --rm --shm-size=2g --gpus all -v ~/runs:/home/ray/runs alphazero:cuda alphazero run conf=9x9
# The user in it has the number 1000: the folder of runs must be writable for it.
FROM python:3.12-slim-bookworm

ARG TORCH_BACKEND=cpu

# KubeRay's probes call wget; procps finds processes, tini reaps them and passes signals on.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends procps tini wget \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 ray

WORKDIR /opt/alphazero

# What is installed changes rarely: a layer of its own.
COPY constraints.txt pyproject.toml ./
RUN pip install --no-cache-dir --constraint constraints.txt uv \
    && uv pip install --system --no-cache --torch-backend=${TORCH_BACKEND} --constraint constraints.txt \
        --requirements pyproject.toml --extra aws

COPY README.md LICENSE ./
COPY alphazero alphazero
COPY actors actors
COPY conf conf
RUN uv pip install --system --no-cache --no-deps --editable .

# NVIDIA's container runtime brings the driver in; torch brings the rest of CUDA.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

USER 1000
WORKDIR /home/ray
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["alphazero", "--help"]
