"""A model in a worker process: whatever native code does there, the application lives on.

``session`` is what the application uses, ``worker`` what runs in the other process. In between are
``dialogue`` (questions and answers with deadlines), ``process`` (starting and ending the worker),
``wire`` and ``answers`` (the form of messages) and ``memory`` (the window that both see).
"""
