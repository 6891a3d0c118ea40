"""Where memories are kept. ``protocol`` says what a store does, ``sqlite`` is the default one."""
