# Untested: built nowhere yet. docker build -t dbmocker . && docker run --rm dbmocker --help
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc g++ make cmake perl && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
ARG COMMIT=
RUN DBMOCKER_COMMIT="$COMMIT" cargo build --release --locked && cp target/release/dbmocker /dbmocker

FROM debian:bookworm-slim
# CA certificates, for servers that require TLS.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --uid 10001 dbmocker
COPY --from=build /dbmocker /usr/local/bin/dbmocker
COPY LICENSE-MIT LICENSE-APACHE THIRD-PARTY.md /usr/share/doc/dbmocker/
USER dbmocker
WORKDIR /work
ENTRYPOINT ["dbmocker"]
