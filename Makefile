# SPDX-License-Identifier: GPL-2.0-only
# What people use; `make help` lists it. kbuild reads Kbuild.

# Either will do: a kernel's release, or the directory of its headers.
ifdef KDIR
KVER ?= $(or $(shell cat $(KDIR)/include/config/kernel.release 2> /dev/null),unknown)
endif
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build

version := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)
dkms_source := /usr/src/fuse_bpf-$(version)
dkms_files := Makefile Kbuild dkms.conf LICENSE fuse_bpf \
	      $(addprefix scripts/,check-kernel check-module probes-header btf-layout)

jobs = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
kbuild = $(MAKE) $(jobs) -C $(KDIR) M=$(CURDIR)

.PHONY: modules install clean tools demo check check-debug check-kcsan soak bench dkms dkms-remove help

modules:
	@bash scripts/check-kernel "$(KVER)" "$(KDIR)"
	+$(kbuild) modules
	@bash scripts/check-module fuse_bpf.ko

# Not kbuild's modules_install: it asks for Debian's signing key, and leaves
# depmod out where the headers have no System.map.
install: modules
	install -D -m 644 fuse_bpf.ko /lib/modules/$(KVER)/updates/fuse_bpf.ko
	depmod -a $(KVER)

# Kbuild's own clean needs headers; these need none.
clean:
	rm -rf build
	rm -f *.ko *.mod *.mod.c *.o .*.cmd modules.order Module.symvers .module-common.o
	rm -f $(foreach dir,fuse_bpf fuse_bpf/compat,$(dir)/*.o $(dir)/*.mod $(dir)/.*.cmd)

tools:
	$(MAKE) -C tools

demo check soak bench:
	scripts/$@

# An emulated machine takes its time over a kernel that checks itself. Two have about as much to do each; what the first
# is not given is for the second.
comma := ,
debug_first := creds differential filter load work
debug_second = $(filter-out $(debug_first) bench bpf build host lib,$(notdir $(patsubst %/,%,$(wildcard tests/*/))))
check-debug:
	TESTS="$(subst $() ,$(comma),$(debug_first)) $(subst $() ,$(comma),$(debug_second))" \
		VM_TIMEOUT=14400 VM_MEM=4096 scripts/check 7.3-debug

check-kcsan:
	VM_TIMEOUT=7200 VM_MEM=4096 scripts/check 7.3-kcsan

dkms: dkms-remove
	mkdir -p $(dkms_source)
	cp -r --parents $(dkms_files) $(dkms_source)
	$(MAKE) -C $(dkms_source) clean
	dkms install fuse_bpf/$(version) -k $(KVER)

dkms-remove:
	if dkms status fuse_bpf/$(version) | grep -q .; then dkms remove fuse_bpf/$(version) --all; fi
	rm -rf $(dkms_source)

help:
	@echo 'make                 fuse_bpf.ko for the running kernel'
	@echo 'make KVER=RELEASE    ... for an installed one'
	@echo 'make KDIR=HEADERS    ... for the one these headers belong to'
	@echo 'make POINTS=1        ... with points where a test can stop a task, for no other use'
	@echo 'make install         into /lib/modules/RELEASE/updates'
	@echo 'make dkms            into DKMS, which builds it for later kernels too'
	@echo 'make dkms-remove     out of DKMS'
	@echo 'make tools           the programs in tools/'
	@echo 'make demo            shows it at work in a virtual machine'
	@echo 'make check           the tests, in virtual machines'
	@echo 'make check-debug     ... all of them on a kernel with KASAN, lockdep and kmemleak'
	@echo 'make check-kcsan     ... those with tasks that race, on a kernel with KCSAN'
	@echo 'make soak            random operations against a plain directory: SEED= OPS= SERIES= TESTER='
	@echo 'make bench           what operations cost, in instructions: SERIES='
	@echo 'make clean           deletes what was built'
