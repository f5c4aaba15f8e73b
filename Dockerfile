# Storywire as a container: built in one stage, run in another, without a compiler and not as root.

FROM python:3.13.7-slim-trixie AS build
WORKDIR /src
RUN python -m venv /opt/storywire
COPY requirements/run.txt requirements/run.txt
RUN /opt/storywire/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cli cli
COPY config config
COPY grounding grounding
COPY handlers handlers
COPY newsroom newsroom
COPY runtime runtime
COPY sandbox sandbox
COPY stories stories
COPY wording wording
RUN /opt/storywire/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13.7-slim-trixie
RUN useradd --system --create-home --home-dir /var/lib/storywire storywire
COPY --from=build /opt/storywire /opt/storywire
USER storywire
WORKDIR /var/lib/storywire
ENV PATH=/opt/storywire/bin:$PATH PYTHONUNBUFFERED=1 STORYWIRE_DATA_DIR=/var/lib/storywire/data \
    STORYWIRE_HTTP_HOST=0.0.0.0
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=40s CMD \
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
CMD ["storywire", "run"]
