# vipd: one Makefile. `make help` lists the targets. Objects go to $(B), one folder a flavour.
B       ?= build
CC      ?= gcc
CLANG   ?= clang
PREFIX  ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
MANDIR  ?= $(PREFIX)/share/man
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
MODULESDIR ?= $(PREFIX)/lib/modules-load.d
CATALOGDIR ?= $(PREFIX)/lib/systemd/catalog
DESTDIR ?=
JOBS    := $(shell nproc 2>/dev/null || echo 1)
VERSION := $(shell cat packaging/VERSION)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)';)

# Evaluated at the first recipe that needs them, so that `make deps` can come first.
PKGS       := libnl-3.0 libnl-genl-3.0 libnl-route-3.0 yaml-0.1 jansson libevent libcap-ng libseccomp libsystemd libssl libcrypto libipset
PKG_CFLAGS  = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS    = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)

WERROR  := $(if $(CI),-Werror)
OPT     ?= -O2 -g
WARN    := -Wall -Wextra -Wshadow -Wcast-qual -Wmissing-prototypes -Wswitch-enum -Wformat=2 -Wno-unused-parameter
HARDEN  ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
VCFLAGS  = -std=c11 -D_GNU_SOURCE -pthread -DVIPD_VERSION='"$(VERSION)"' $(WARN) $(WERROR) -ffunction-sections -fdata-sections $(OPT) $(HARDEN) $(SAN) -MMD -MP $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
VLDFLAGS = -pthread -pie -Wl,-z,relro,-z,now $(SAN) $(LDFLAGS)

LIB_SRC  := $(filter-out src/main.c src/vipctl.c,$(wildcard src/base/*.c vrrp/*.c ipvs/*.c configmaps/*.c src/*.c))
LIB_OBJ  := $(LIB_SRC:%.c=$(B)/%.o)
TEST_SRC := $(wildcard tests/test_*.c)
TESTS    := $(TEST_SRC:tests/%.c=$(B)/tests/%)
KTEST_SRC := $(wildcard tests/kernel/test_*.c)
KTESTS   := $(KTEST_SRC:tests/%.c=$(B)/tests/%)
TOOL_SRC := $(wildcard tests/lab/*.c tests/bench/*.c)
TOOLS    := $(TOOL_SRC:tests/%.c=$(B)/tests/%)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZERS  := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/%)
OTHER_SRC := $(wildcard tests/*.c)
ALL_C    := $(LIB_SRC) $(wildcard src/main.c src/vipctl.c) $(OTHER_SRC) $(KTEST_SRC) $(TOOL_SRC) $(FUZZ_SRC)
ALL_H    := $(wildcard src/base/*.h ipvs/*.h vrrp/*.h configmaps/*.h src/*.h tests/*.h tests/kernel/*.h tests/bench/*.h)

PAGES    := $(notdir $(wildcard packaging/man/*.[1-8]))

# The functional core: values in, values out. `make lint` lists what these may call; `make coverage` what the tests reach.
CORE := $(strip $(file < packaging/core.list))

.PHONY: all dist deb srpm rpm packages packages-check check lint asan fuzz bench demo install uninstall deps clean help coverage tests fuzzers ktests tools format man
.DEFAULT_GOAL := all
.SECONDARY:

all: $(B)/vipd $(B)/vipctl

# The programs hold the library in the order of LIB_SRC, less what is not called: a process maps few pages of what only the others run.
WHOLE = -Wl,--gc-sections -Wl,--whole-archive $(B)/libvipd.a -Wl,--no-whole-archive
$(B)/vipd: $(B)/src/main.o $(B)/libvipd.a
	$(call say,LINK,$@)$(CC) $(VLDFLAGS) -o $@ $< $(WHOLE) $(PKG_LIBS) $(LDLIBS)
$(B)/vipctl: $(B)/src/vipctl.o $(B)/libvipd.a
	$(call say,LINK,$@)$(CC) $(VLDFLAGS) -o $@ $< $(WHOLE) $(PKG_LIBS) $(LDLIBS)
$(B)/libvipd.a: $(LIB_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(VCFLAGS) -c -o $@ $<
$(B)/tests/%: $(B)/tests/%.o $(B)/libvipd.a
	$(call say,LINK,$@)$(CC) $(VLDFLAGS) -o $@ $< $(B)/libvipd.a -lcmocka $(PKG_LIBS) $(LDLIBS)
$(B)/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/libvipd.a
	$(call say,LINK,$@)$(CC) $(VLDFLAGS) -fsanitize=fuzzer -o $@ $< $(B)/libvipd.a $(PKG_LIBS) $(LDLIBS)

tests: $(TESTS)
ktests: $(KTESTS)
tools: $(TOOLS)
fuzzers: $(FUZZERS)

deps: ## install the packages to build and to test
	$(Q)packaging/deps.sh build test
check: ## install what is missing, build, run every test; ends with 'N passed, N failed'
	$(Q)packaging/deps.sh build test package
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all tests ktests tools
	$(Q)tests/run
demo: ## install what is missing, build, play the walk-through on real IPVS, leave nothing behind
	$(Q)packaging/deps.sh build test
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all tools
	$(Q)tests/lab/demo
bench: ## measure against the peers; ROW=name for one
	$(Q)packaging/deps.sh build test
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all tools
	$(Q)tests/bench/run $(ROW)
lint: ## include direction, core symbols, clang-format, cppcheck
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)tests/lint.sh $(B)
# gcc's guesses about truncation see every int as any int once the sanitizers' checks stand between.
asan: ## unit tests under AddressSanitizer and UBSan
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) B=$(B)/asan HARDEN= OPT='-O1 -g -fno-omit-frame-pointer -Wno-format-truncation' \
	    SAN='-fsanitize=address,undefined -fno-sanitize-recover=undefined' tests
	$(Q)tests/run unit $(B)/asan
fuzz: ## every fuzzer for SECONDS_EACH (20) seconds
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) B=$(B)/fuzz CC=$(CLANG) HARDEN= OPT='-O1 -g' \
	    SAN='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' fuzzers
	$(Q)tests/run fuzz $(B)/fuzz
coverage: ## lines of the core that the unit tests reach
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) B=$(B)/cov HARDEN= OPT='-O0 -g --coverage' LDFLAGS=--coverage tests
	$(Q)tests/coverage.sh $(B)/cov $(CORE)
dist deb srpm rpm: ## that package of this tree, in build/packages
	$(Q)packaging/deps.sh build package
	$(Q)packaging/package.sh $@ $(B)/packages
packages: $(B)/packages/made
$(B)/packages/made: $(B)/vipd $(B)/vipctl $(wildcard packaging/* packaging/*/* packaging/*/*/*)
	$(Q)rm -rf $(B)/packages
	$(Q)! command -v dpkg-buildpackage >/dev/null || packaging/package.sh deb $(B)/packages
	$(Q)! command -v rpmbuild >/dev/null || OLDER=1 packaging/package.sh rpm $(B)/packages
	$(Q)touch $@
packages-check: ## build the packages twice, compare, lint them, install, upgrade and remove them in the lab
	$(Q)packaging/deps.sh build test package
	$(Q)tests/run packages
man: $(B)/vipctl ## packaging/man/vipctl.1 from vipctl's table of verbs
	$(Q){ cat packaging/man/vipctl.1.head; $(B)/vipctl __man; cat packaging/man/vipctl.1.tail; } >packaging/man/vipctl.1
format: ## lay out every C file
	$(Q)clang-format -i $(ALL_C) $(ALL_H)
install: all ## PREFIX, DESTDIR
	install -D -m 755 $(B)/vipd $(DESTDIR)$(SBINDIR)/vipd
	install -D -m 755 $(B)/vipctl $(DESTDIR)$(PREFIX)/bin/vipctl
	install -d -m 755 $(DESTDIR)$(UNITDIR)
	sed 's,@SBINDIR@,$(SBINDIR),g' packaging/vipd.service >$(DESTDIR)$(UNITDIR)/vipd.service
	install -D -m 644 packaging/vipd-online.target $(DESTDIR)$(UNITDIR)/vipd-online.target
	for page in $(PAGES); do install -D -m 644 packaging/man/$$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page; done
	install -D -m 644 packaging/completions/vipctl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vipctl
	install -D -m 644 packaging/completions/_vipctl $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_vipctl
	install -D -m 644 packaging/completions/vipctl.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/vipctl.fish
	install -D -m 644 packaging/vipd.sysusers $(DESTDIR)$(SYSUSERSDIR)/vipd.conf
	install -D -m 644 packaging/vipd.tmpfiles $(DESTDIR)$(TMPFILESDIR)/vipd.conf
	install -D -m 644 packaging/vipd.modules $(DESTDIR)$(MODULESDIR)/vipd.conf
	install -D -m 644 packaging/vipd.catalog $(DESTDIR)$(CATALOGDIR)/vipd.catalog
	install -D -m 644 packaging/prometheus/vipd.rules.yml $(DESTDIR)$(PREFIX)/share/vipd/prometheus/vipd.rules.yml
	install -d -m 755 $(DESTDIR)$(SYSCONFDIR)/vipd/scripts
	test -e $(DESTDIR)$(SYSCONFDIR)/vipd/vipd.yaml || install -D -m 644 packaging/vipd.yaml $(DESTDIR)$(SYSCONFDIR)/vipd/vipd.yaml
uninstall: ## leaves the configuration
	rm -f $(DESTDIR)$(SBINDIR)/vipd $(DESTDIR)$(PREFIX)/bin/vipctl $(DESTDIR)$(UNITDIR)/vipd.service $(DESTDIR)$(UNITDIR)/vipd-online.target
	rm -f $(DESTDIR)$(SYSUSERSDIR)/vipd.conf $(DESTDIR)$(TMPFILESDIR)/vipd.conf $(DESTDIR)$(MODULESDIR)/vipd.conf $(DESTDIR)$(CATALOGDIR)/vipd.catalog
	for page in $(PAGES); do rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page; done
	rm -rf $(DESTDIR)$(PREFIX)/share/vipd
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vipctl
	rm -f $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_vipctl $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/vipctl.fish
clean: ## remove what was built
	rm -rf $(B)
help: ## this list
	@sed -n 's/^\([a-z -]*\):.*## \(.*\)/  \1|\2/p' Makefile | column -t -s '|'

-include $(ALL_C:%.c=$(B)/%.d)
