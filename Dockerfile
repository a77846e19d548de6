FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/desk
RUN useradd --system --home-dir /srv/desk desk && mkdir /data && chown desk /data

COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock

COPY . .
# The settings want a whole configuration; nothing of this one stays in the image.
RUN DESK_ENV=production DESK_DATA_DIR=/tmp/build DESK_BASE_URL=https://build.invalid \
    DESK_SECRET_KEY=used-only-while-collecting-the-static-files-0123456789 \
    python manage.py collectstatic --noinput --verbosity 0 && rm -rf /tmp/build

USER desk
ENV DESK_ENV=production DESK_DATA_DIR=/data DESK_HOST=0.0.0.0
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "servicedesk.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "16", "--no-control-socket", "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-", \
     "--logger-class", "servicedesk.access_log.AccessLog"]
