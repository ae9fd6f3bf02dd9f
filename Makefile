# A thin front over CMake presets: each target alone is enough on a bare Debian 12.
.PHONY: all packages release dev test demo
all: release

packages:
	@scripts/install_packages.sh

release dev debug asan tsan: packages
	@cmake --preset $@ -Wno-dev >/dev/null
	@cmake --build --preset $@

test: release
	@ctest --test-dir build/release --output-on-failure
