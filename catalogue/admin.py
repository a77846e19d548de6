from django.contrib import admin

from catalogue.models import Application, Component, Dependency, Region, Service

admin.site.register([Application, Component, Dependency, Region, Service])
