from django.contrib import admin

from incidents.models import Cadence

admin.site.register(Cadence)
