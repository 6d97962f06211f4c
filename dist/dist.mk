# SPDX-License-Identifier: BSD-2-Clause
# make install, make uninstall, make deb.
#
#   PREFIX=DIR    where it will be used (default: /usr/local)
#   DESTDIR=DIR   is put before PREFIX
#   ZSHDIR=DIR    completion functions of zsh
#   STRIP=0       khoctl with symbols

PREFIX  ?= /usr/local
DESTDIR ?=
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
STRIP   ?= 1

KHOCTL_INSTALLED := $(O)/$(ARCH)/khoctl$(if $(filter 0,$(STRIP)),.debug)

# What is installed: file, where, and its mode. In those of dist/ @PREFIX@ stands for PREFIX.
INSTALLED := \
	$(IMAGE)=$(PREFIX)/lib/khoboot/khoboot.efi=644 \
	$(KHOCTL_INSTALLED)=$(PREFIX)/sbin/khoctl=755 \
	dist/khoctl.bash=$(PREFIX)/share/bash-completion/completions/khoctl=644 \
	dist/khoctl.zsh=$(ZSHDIR)/_khoctl=644 \
	dist/90-khoboot.install=$(PREFIX)/lib/kernel/install.d/90-khoboot.install=755 \
	dist/khoboot.service=$(PREFIX)/lib/systemd/system/khoboot.service=644 \
	$(foreach page,$(wildcard docs/*.7),$(page)=$(PREFIX)/share/man/man7/$(notdir $(page))=644) \
	$(foreach page,$(wildcard docs/*.8),$(page)=$(PREFIX)/share/man/man8/$(notdir $(page))=644) \
	README.md=$(PREFIX)/share/doc/khoboot/README.md=644 \
	$(foreach text,$(wildcard docs/*.md docs/*.svg docs/schema/*.json),$(text)=$(PREFIX)/share/doc/khoboot/$(text)=644)

# put FILE WHERE MODE
put = install -d "$(DESTDIR)$(dir $(2))" && \
	$(if $(filter dist/%,$(1)),sed 's|@PREFIX@|$(PREFIX)|g' "$(1)" | install -m $(3) /dev/stdin,\
		install -m $(3) "$(1)") "$(DESTDIR)$(2)"
split = $(subst =, ,$(1))
define newline


endef

.PHONY: install uninstall
install: image $(KHOCTL_INSTALLED)
	$(foreach line,$(INSTALLED),$(Q)$(call put,$(word 1,$(call split,$(line))),$(word \
		2,$(call split,$(line))),$(word 3,$(call split,$(line))))$(newline))

uninstall:
	$(Q)rm -f $(foreach line,$(INSTALLED),"$(DESTDIR)$(word 2,$(call split,$(line)))")
	$(Q)rmdir "$(DESTDIR)$(PREFIX)/lib/khoboot" "$(DESTDIR)$(PREFIX)/share/doc/khoboot/docs/schema" \
		"$(DESTDIR)$(PREFIX)/share/doc/khoboot/docs" \
		"$(DESTDIR)$(PREFIX)/share/doc/khoboot" 2>/dev/null || true

# ---- packages ------------------------------------------------------------------------------
# Debian packages for ARCH, in $(O)/deb. debian/rules works on a copy of the tree, and takes what is built here.
.PHONY: deb package-parts
package-parts: image $(KHOCTL_INSTALLED)
	@:

deb:
	$(Q)tools/deps --packages
	$(BUILD) STRIP=0 package-parts
	$(RUN) dist/deb
