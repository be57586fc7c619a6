"""The form of a programme, made from its JSON Schema: a field or a kind that the model gains is in the form without a page being touched.

Model             the parts of a programme and the shape of each rule, read from the schema
fields_of(...)    a shape with a value, ready to be shown: title, help, text, options, error
read(...)         what was posted, as JSON again; what nobody changed is exactly what it was
"""

from v5_cloud.programmes.form.fields import Field, Sight, fields_of
from v5_cloud.programmes.form.reading import change, read
from v5_cloud.programmes.form.shapes import Model, PartShape, Shape

__all__ = ["Field", "Model", "PartShape", "Shape", "Sight", "change", "fields_of", "read"]
