from django.contrib import admin

from customers.models import BusyWindow, Contact, Organisation, Subscription

admin.site.register([BusyWindow, Contact, Organisation, Subscription])
