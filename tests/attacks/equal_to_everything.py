"""Return an object that is equal to everything, larger and smaller, and has every attribute."""

CLASS = "lying objects"


class Yes:
    """Whatever is asked, the answer is yes."""

    def __getattr__(self, name):
        return self

    def _yes(self, *args, **kwargs):
        return True

    def _one(self, *args, **kwargs):
        return 1

    def _self(self, *args, **kwargs):
        return self

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = _yes
    __len__ = __int__ = __index__ = __hash__ = _one
    __call__ = __getitem__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _self
    __abs__ = __neg__ = __truediv__ = __rtruediv__ = __pow__ = __array__ = _self

    def __float__(self):
        return 1.0

    def __iter__(self):
        return iter([self, self])

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True


def attack(name, /, *args, **kwargs):
    return (Yes(), Yes())
