# The program with what requirements/action.txt has, by hashes, for a user without rights. Specs are mounted at /work.
# The digest names python:3.13.15-slim-trixie; Dependabot proposes the next one.
FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
WORKDIR /src
COPY . .
RUN RECONCILER_VENV=/opt/reconciler bash ci/install.sh \
  && /opt/reconciler/bin/python -m pip uninstall --quiet --yes hatchling pip

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
# DL3008: the versions are those of the base's release, which is pinned; Debian keeps no older one.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/reconciler /opt/reconciler
ENV PATH="/opt/reconciler/bin:$PATH" HOME=/tmp
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["reconciler"]
CMD ["--help"]
