"""How form fields look on every page."""

from django.forms.renderers import TemplatesSetting


class FieldRenderer(TemplatesSetting):
    """`{{ form }}` and `{{ field.as_field_group }}` by this site's templates."""

    form_template_name = "form.html"
    field_template_name = "field.html"
