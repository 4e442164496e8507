"""An application that imports a missing package."""

import a_package_that_is_not_installed

application = a_package_that_is_not_installed.application
