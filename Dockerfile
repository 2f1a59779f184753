# docker build -t vaultline . && docker run --rm -p 127.0.0.1:8501:8501 -v vaultline:/home/vaultline vaultline
# Publish on 127.0.0.1, as above: the dashboard has no log-in.
FROM python:3.11-slim

# Chromium draws the PNG and SVG exports of charts.
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home vaultline

WORKDIR /opt/vaultline
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY data data
COPY dashboard dashboard
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER vaultline
WORKDIR /home/vaultline
# Inside the container every interface, or the published port would lead nowhere.
ENV STREAMLIT_SERVER_ADDRESS=0.0.0.0
EXPOSE 8501
CMD ["vaultline", "dashboard"]
