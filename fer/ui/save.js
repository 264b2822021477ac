// Hands a file made in the server's memory to the browser, as {name, uri}.
async (parcel) => {
  const content = await (await fetch(parcel.uri)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = parcel.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
