"""Operations that try the extensions around a call, on a copy of our contract: no operation of ours has them yet.

``openapi/`` beside this file has the operations, ``handlers.py`` what they do, ``kit.py`` puts both to ours.
"""
