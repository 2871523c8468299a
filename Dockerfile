# The controller's image: compiled JavaScript, renderers as WebAssembly, node, git, and nothing else:
# no shell, no package manager. deploy/image/contents.mjs lists what is in it.
#
# Tags move. Where you build, give them with their digests:
#   docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:... .
ARG NODE_IMAGE=node:24-bookworm-slim
ARG GO_IMAGE=golang:1.26.8-bookworm

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# With the optional packages: the compiler's own binary is one of them.
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM ${GO_IMAGE} AS renderers
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY setup ./setup
COPY renderers ./renderers
RUN node setup/renderers.mjs

FROM build AS stage
RUN apt-get update \
  && apt-get install -y --no-install-recommends git ca-certificates \
  && rm -rf /var/lib/apt/lists/*
COPY --from=renderers /app/renderers/build ./renderers/build
COPY deploy/image ./deploy/image
RUN node deploy/image/stage.mjs --out /image

FROM scratch
COPY --from=stage /image /
ENV PATH=/usr/local/bin:/usr/bin
ENV NODE_ENV=production
# Memory that was freed goes back to the system. By itself glibc keeps it: for each thread, and all
# that is smaller than the largest block it ever freed, such as a module of 30 MB. At rest after
# renders a process has 110 MiB so, and 240 without.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_TRIM_THRESHOLD_=65536
USER 65532:65532
# Of the heap for what is new: by itself it grows to 128 MiB in a burst.
ENTRYPOINT ["node", "--max-semi-space-size=8", "/app/dist/main.js"]
CMD ["controller"]
