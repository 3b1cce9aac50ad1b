"""Pictures of signatures and seals of nobody."""

import io
import math

from PIL import Image, ImageDraw


def png(image):
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def signature_png(colour=(20, 40, 200, 255), size=(540, 240)):
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    middle, swing = size[1] / 2, size[1] / 2 - 6
    line = [(x, middle + swing * math.sin(x / 40)) for x in range(2, size[0] - 2)]
    ImageDraw.Draw(image).line(line, fill=colour, width=6)
    return png(image)


def seal_png(colour=(210, 20, 30, 255), side=500):
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    for inset in (4, 60):
        pen.ellipse((inset, inset, side - inset, side - inset), outline=colour, width=8)
    return png(image)
