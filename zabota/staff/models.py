"""The people who serve, what they may do, and the keys they hold."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models

from zabota.company.labels import label_in
from zabota.staff.permissions import Scope


class Role(models.Model):
    """Named permissions, each with a scope: `{"ticket.view": "team", …}`."""

    slug = models.SlugField(unique=True)
    names = models.JSONField(default=dict)
    permissions = models.JSONField(default=dict)

    def __str__(self) -> str:
        return label_in(self.names, self.slug)


class Team(models.Model):
    """People who share work; another department is a team too."""

    slug = models.SlugField(unique=True)
    names = models.JSONField(default=dict)

    def __str__(self) -> str:
        return label_in(self.names, self.slug)


class AgentManager(BaseUserManager["Agent"]):
    """Agents always come with their role and the ids of their teams: every page asks for both."""

    def get_queryset(self) -> models.QuerySet["Agent"]:
        membership = Agent.teams.through.objects.filter(agent_id=models.OuterRef("pk"))
        teams = ArraySubquery(membership.values("team_id"))
        return super().get_queryset().select_related("role").annotate(loaded_team_ids=teams)

    def get_by_natural_key(self, username: str | None) -> "Agent":
        return self.get(email__iexact=username)


class Agent(AbstractBaseUser):
    """Somebody who works here and signs in by e-mail."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=160)
    role = models.ForeignKey(Role, models.PROTECT, related_name="agents")
    teams = models.ManyToManyField(Team, related_name="agents", blank=True)
    language = models.CharField(max_length=8, blank=True)
    theme = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    signatures = models.JSONField(default=dict, blank=True)  # {language: text}
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = AgentManager()

    def __str__(self) -> str:
        return self.name or self.email

    def scope(self, permission: str) -> Scope:
        """How far this permission of theirs reaches; `Scope.NONE` if they do not have it."""
        if not self.is_active:
            return Scope.NONE
        return Scope(self.role.permissions.get(permission, Scope.NONE))

    def may(self, permission: str) -> bool:
        """Whether they have it at all."""
        return self.scope(permission) is not Scope.NONE

    @property
    def team_ids(self) -> list[int]:
        """The teams they are in."""
        loaded: list[int] | None = getattr(self, "loaded_team_ids", None)
        return list(self.teams.values_list("pk", flat=True)) if loaded is None else loaded


class ApiToken(models.Model):
    """A key for programs: the secret is shown once and stored hashed."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80, blank=True)
    hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)


class OneTimeLink(models.Model):
    """A link that does one thing once: first administrator, invitation, new password."""

    purpose = models.CharField(max_length=24)
    hash = models.CharField(max_length=64, unique=True)
    agent = models.ForeignKey(Agent, models.CASCADE, null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
