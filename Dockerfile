# The program as a static binary, with only the certificates it needs.
#
# BUILD_IMAGE has Rust and a C compiler for musl, or apt-get to fetch the latter. CERTIFICATES_IMAGE has a CA bundle.
ARG BUILD_IMAGE=docker.io/library/rust:1.95-bookworm
ARG CERTIFICATES_IMAGE=${BUILD_IMAGE}

FROM ${BUILD_IMAGE} AS build
RUN set -eu; \
    if ! command -v musl-gcc > /dev/null; then \
        apt-get update; \
        apt-get install --yes --no-install-recommends musl-tools; \
    fi
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src ./src
COPY schema ./schema
# Cargo.toml names the benchmarks, examples and tests as targets; none of them is built here.
COPY benches ./benches
COPY examples ./examples
COPY tests ./tests
RUN set -eu; \
    target="$(uname -m)-unknown-linux-musl"; \
    rustup target list --installed | grep -qx "$target" || rustup target add "$target"; \
    cargo build --locked --release --bin wharfinger --target "$target"; \
    cp "target/$target/release/wharfinger" /wharfinger; \
    rm -rf target

FROM ${CERTIFICATES_IMAGE} AS certificates

FROM scratch
COPY --from=certificates /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /wharfinger /usr/local/bin/wharfinger
ENV PATH=/usr/local/bin
# Root and no WORKDIR: GitHub mounts the workspace and chooses the working directory.
ENTRYPOINT ["/usr/local/bin/wharfinger"]
