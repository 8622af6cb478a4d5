"""The Conan recipe. It builds the libraries from the sources around it, with cargo and CMake."""

import re
from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake
from conan.tools.files import copy
from conan.tools.scm import Git


class AutopilotSync(ConanFile):
    name = "autopilot_sync"
    description = "Trigger Microsoft Intune's Windows Autopilot sync, and understand the answer"
    license = "MIT OR Apache-2.0"
    url = homepage = "https://github.com/autopilot-sync/autopilot-sync"
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False]}
    default_options = {"shared": False}
    generators = "CMakeToolchain"
    no_copy_source = True

    def set_version(self):
        header = (self._root() / "include/autopilot_sync.h").read_text()
        self.version = re.search(r'#define AUTOPILOT_VERSION "(.*)"', header)[1]

    def export_sources(self):
        for file in Git(self, str(self._root())).run("ls-files").splitlines():
            copy(self, file, self._root(), self.export_sources_folder)

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("this recipe builds for Linux")

    def package_id(self):
        for setting in ("compiler", "build_type"):  # cargo has its own
            self.info.settings.rm_safe(setting)

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE-*", self.source_folder, Path(self.package_folder, "licenses"))

    def package_info(self):
        # The package has its own CMake files: find_package() gives the same targets as everywhere.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["share/cmake/autopilot_sync"]
        self.cpp_info.libs = ["autopilot_sync"]
        self.cpp_info.system_libs = ["gcc_s", "pthread", "m", "dl"]

    def _root(self):
        return Path(self.recipe_folder).parents[1]
