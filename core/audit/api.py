"""How an event is answered. Its endpoints stand higher: the history of each kind of work, and the audit list."""

from __future__ import annotations

from rest_framework import serializers

from core.common.api import StrictSerializer, UtcDateTime


class EventOut(StrictSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    at = UtcDateTime()
    actor = serializers.CharField(source="actor_label")
    actor_kind = serializers.CharField()
    door = serializers.CharField()
    subject_kind = serializers.CharField()
    subject = serializers.CharField(source="subject_ref")
    before = serializers.DictField()
    after = serializers.DictField()
    data = serializers.DictField()
