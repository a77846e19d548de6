from django.contrib import admin

from customers.models import BusyWindow, Contact, EnvironmentAnswer, ImpactNote, Organisation, Subscription

admin.site.register([BusyWindow, Contact, EnvironmentAnswer, ImpactNote, Organisation, Subscription])
