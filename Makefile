# A thin front over CMake presets: each target alone is enough on a bare Debian 12.
.PHONY: all packages release dev debug asan tsan test demo tsan-stress asan-stress stress bench conformance tidy format
PYTHON311 := /usr/bin/python3.11

all: release

packages:
	@scripts/install_packages.sh

release dev debug asan tsan: packages
	@cmake --preset $@ -Wno-dev >/dev/null
	@cmake --build --preset $@

test: release
	@ctest --test-dir build/release --output-on-failure --timeout 600 -j2

# Under the thread sanitizer, without suppressions: the unit tests of gc/ (the collector's take minutes there: left to make
# tsan), the native storm, and a short run of the stress programs in the whole interpreter, without the JIT, whose code is not instrumented.
tsan-stress: packages
	@cmake --preset tsan -Wno-dev >/dev/null
	@cmake --build --preset tsan --target unit_gc stress_native ptpython
	@GTEST_FILTER='-Collector*' ctest --test-dir build/tsan --output-on-failure --timeout 900 -R 'unit_gc|stress_native'
	@$(PYTHON311) stress/run.py --python build/tsan/bin/ptpython --seconds 1 --jit off --strict

# The stress programs and the language tests under the address and undefined-behaviour sanitizers.
asan-stress: packages
	@cmake --preset asan -Wno-dev >/dev/null
	@cmake --build --preset asan --target ptpython
	@UBSAN_OPTIONS=halt_on_error=1 ASAN_OPTIONS=detect_leaks=0 $(PYTHON311) stress/run.py --python build/asan/bin/ptpython --seconds 1
	@UBSAN_OPTIONS=halt_on_error=1 ASAN_OPTIONS=detect_leaks=0:handle_segv=0 $(PYTHON311) tests/language/run.py --python $(CURDIR)/build/asan/bin/ptpython

stress: release
	@$(PYTHON311) stress/run.py --python build/release/bin/ptpython --seconds 20

demo: release
	@$(PYTHON311) benchmarks/run.py --demo --python build/release/bin/ptpython

bench: release
	@$(PYTHON311) benchmarks/run.py --python build/release/bin/ptpython

# CPython's own suite on this interpreter and on the reference; writes tests/conformance/expected.txt and docs/conformance.md.
conformance: release
	@$(PYTHON311) tests/conformance/run.py --python build/release/bin/ptpython --write \
	  --reference-cache build/release/conformance_reference.json

format:
	@$(PYTHON311) scripts/check_format.py --fix

tidy: dev
	@git ls-files '*.cpp' | xargs clang-tidy-19 -p build/dev --quiet
