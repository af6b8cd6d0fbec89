"""What the words of an agreement are called on the pages: one table for each list of the record."""

from __future__ import annotations

from ckanext.privacy.translation import N_

LEVELS = {
    "collective": N_("The community together"),
    "household": N_("One household, by one of its adults"),
    "individual": N_("One person for themselves"),
    "guardian": N_("A parent or guardian for a child"),
}

FORMS = {
    "oral": N_("Spoken, or read aloud"),
    "printed": N_("On paper"),
    "posted": N_("Put up where all can see it"),
    "graphical": N_("In pictures"),
    "web": N_("On a web page"),
}

PURPOSES = {
    "public-services": N_("Better public services"),
    "policy-making": N_("Planning and policy"),
    "statistics": N_("Official statistics"),
    "research": N_("Research without profit"),
    "service-provision": N_("Giving a service to the people in the data"),
    "altruism": N_("The common good"),
}

DATA = {
    "anonymised": N_("Only figures in which nobody can be found"),
    "pseudonymised": N_("People under made-up numbers"),
    "non-personal": N_("Nothing about people"),
    "name": N_("Names"),
    "contact": N_("Phone numbers or other contact"),
    "home-location": N_("Where people live"),
    "house-number": N_("House numbers or codes"),
    "official-id": N_("Official identity numbers"),
    "household": N_("Household make-up"),
    "age": N_("Age or birth date"),
    "gender": N_("Sex or gender"),
    "income": N_("Income or work"),
    "picture": N_("Pictures of people"),
    "health": N_("Health"),
    "disability": N_("Disability"),
    "ethnicity": N_("Ethnicity"),
    "caste": N_("Caste"),
    "religion": N_("Religion"),
    "politics": N_("Political opinion"),
    "sexuality": N_("Sexual orientation"),
    "migration": N_("Migration or residence status"),
    "public-assistance": N_("Receipt of public assistance"),
}

RECIPIENTS = {
    "community": N_("The community itself"),
    "city": N_("City departments"),
    "researchers": N_("Researchers on request"),
    "partners": N_("Named partners"),
    "public": N_("Everyone"),
}

METHODS = {
    "meeting-vote": N_("A vote at a meeting"),
    "meeting-consensus": N_("Agreement of all at a meeting"),
    "signature": N_("A signature"),
    "thumbprint": N_("A thumbprint"),
    "spoken": N_("Spoken before a witness"),
    "form": N_("A form on a screen"),
}

CONTROLLERS = {
    "government": N_("A public body"),
    "ngo": N_("A group, federation or non-governmental organization"),
    "academic": N_("A university or research institute"),
    "other": N_("Another organization"),
}

PERIODS = {
    "P6M": N_("Half a year"),
    "P1Y": N_("One year"),
    "P2Y": N_("Two years"),
    "P3Y": N_("Three years"),
    "P5Y": N_("Five years"),
    "indeterminate": N_("No end was set"),
}
