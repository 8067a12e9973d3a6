// Two keys for the link that has the focus: c copies its address, q gives its QR code.
//
// A browser lets pages use the clipboard where they come by https or from this machine; elsewhere the
// older way may work, and else the address is shown, to be copied by hand.
'use strict';
(() => {
  glass.copy = async (address, within = document.body) => {
    try {
      await navigator.clipboard.writeText(address);
      return 'The link is copied.';
    } catch { /* not here */ }
    const field = Object.assign(document.createElement('textarea'), {value: address, readOnly: true});
    const focused = document.activeElement;
    // Within the dialog, if one is open: outside of it nothing can be selected.
    within.append(field);
    field.select();
    const isCopied = document.execCommand('copy');
    field.remove();
    focused?.focus();
    return isCopied ? 'The link is copied.' : `The link: ${address}`;
  };
  const here = () => document.activeElement.closest('tbody a:not(.up)');
  glass.keys.c = () => here() && (glass.copy(here().href).then(text => {
    document.getElementById('shown').textContent = text;
  }), true);
  glass.keys.q = () => here() && (location.assign(`${here().href}?qr`), true);
})();
