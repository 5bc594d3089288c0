"""What Headgate is installed from: a wheel, a Debian package, a container image; and trying the Debian package.

`wheel` and `debian` build, `contents` says what lies where in the Debian package, `manual` and `completion` make the
parts that come from the command line's own description. `trial` goes from a clean Debian to the first message.
`tools` installs the wheel as a tool, and `container` has an engine build the image and run it.
"""
